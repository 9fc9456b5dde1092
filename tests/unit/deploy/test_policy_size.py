from lcli.deploy.checks import policies
from lcli.resources.model import Place
from lcli.resources.role import role
from lcli.resources.role_policy import size

PLACE = Place("photos", "prod", "eu-west-1", "123456789012")
SMALL = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:::q"}


def made(*statements):
    return role(PLACE, "one", "photos-one", statements=statements, where="lcli.yaml:3:3")


def reading(tables):
    arns = [f"arn:aws:dynamodb:eu-west-1:123456789012:table/t{n:04}" for n in range(tables)]
    return {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": arns}


def test_white_space_does_not_count():
    assert size({"a b": [1, 2]}) == len('{"ab":[1,2]}')


def test_the_largest_policy_that_fits_is_taken():
    sizes = {n: size(made(reading(n)).fields["Policy"]) for n in range(150, 200)}
    fits = max(n for n, each in sizes.items() if each <= 10_240)
    assert [*policies([made(reading(fits))])] == []
    assert len([*policies([made(reading(fits + 1))])]) == 1


def test_a_policy_over_the_limit_is_refused_with_its_largest_statements():
    (problem,) = policies([made(SMALL, reading(200)), made(SMALL)])
    assert problem.where == "lcli.yaml:3:3"
    assert problem.what == (
        "the policy of the role photos-one-photos-prod-eu-west-1 has 10,996 characters; "
        "IAM takes 10,240"
    )
    assert problem.next_step == (
        "join resources with wildcards, or move statements to a policy of your own "
        "(role.policies); the largest: dynamodb:GetItem and 1 more on 200 resources (10,878); "
        "sqs:SendMessage on arn:aws:sqs:::q (78)"
    )
