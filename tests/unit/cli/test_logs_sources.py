"""Which versions an alias stands for, and what is said when it moves."""

import pytest

from lcli.aws.clients import AwsError
from lcli.cli.logs_sources import Chosen, behind
from lcli.cli.names import Named
from lcli.errors import LcliError
from lcli.observe.events import Source


class Aliases:
    """A run whose AWS knows one alias; `moves` is what it points at, look by look."""

    def __init__(self, *moves):
        self.moves = list(moves)
        self.asked = []

    def session(self, region):
        self.asked.append(region)
        return self

    def call(self, service, operation, **parameters):
        self.asked.append((operation, parameters))
        if not self.moves:
            raise AwsError(
                "ResourceNotFoundException", "no alias", service=service, operation=operation
            )
        version, weights = self.moves.pop(0)
        routing = {"RoutingConfig": {"AdditionalVersionWeights": weights}} if weights else {}
        return {"FunctionVersion": version, **routing}


def through(alias):
    return Chosen(
        Named("", "shop", "", "eu-west-1"), Source("shop", "/g", "shop", region="eu-west-1"), alias
    )


def test_an_alias_stands_for_its_versions_and_what_it_moves_to_is_added():
    run, chosen = Aliases(("7", {}), ("7", {}), ("7", {"8": 0.1}), ("8", {})), through("live")
    told = [behind(run, chosen) for _ in range(4)]
    assert told == [
        "shop: alias live is version 7",
        "",
        "shop: alias live is version 7 (90%) and version 8 (10%)",
        "",
    ]
    assert chosen.source.versions == {"7", "8"}
    assert run.asked[:2] == ["eu-west-1", ("GetAlias", {"FunctionName": "shop", "Name": "live"})]


def test_an_alias_that_is_absent_is_refused_by_name():
    with pytest.raises(LcliError, match="shop has no alias 'live'"):
        behind(Aliases(), through("live"))
