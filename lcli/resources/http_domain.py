"""The mapping of the app's custom domain name to its HTTP API."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.aws.expected import expecting
from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources.http_api import DOMAIN, STAGE, api_arn, api_key, our_apis
from lcli.resources.kind import Applying, Kind
from lcli.resources.model import Actual, Change, Key, Outputs, Place, Reading, Resource


def http_domain(place: Place, domain: str, *, where: str = "") -> Resource:
    """An existing custom domain name that leads to the API."""
    needs = (api_key(place),)
    return Resource(Key("http_domain", domain), {"Stage": STAGE}, needs=needs, where=where)


class HttpDomain(Kind):
    """The mapping of a custom domain name, made by somebody else, to the API."""

    name = "http_domain"
    title = "domain name"
    reads_after = ("http_api",)

    def read(self, reading: Reading) -> Iterable[Actual]:
        """GetApiMappings of the domain that is wanted, and of those that the API's tag names.

        One that the tag names alone, and no mapping, is what a deletion that was cut short left.
        """
        api = reading.found.get(api_key(reading.place))
        api_id = api.outputs["id"] if api else ""
        named = {*api.outputs["domain"].split()} if api else set()
        wanted = {one.key.name: one.where for one in reading.wanted("http_domain")}
        for domain in sorted(named | wanted.keys()):
            mappings = _mappings(reading.clients, domain, wanted.get(domain))
            if domain not in wanted and not any(one["ApiId"] == api_id for one in mappings):
                left = Resource(Key("http_domain", domain), {}, needs=(api_key(reading.place),))
                yield Actual(left, outputs={"id": ""})
            for mapping in mappings:
                ours = mapping["ApiId"] == api_id
                if mapping.get("ApiMappingKey") or not (ours or domain in wanted):
                    continue
                yield Actual(
                    Resource(
                        Key("http_domain", domain),
                        {"Stage": mapping["Stage"]},
                        needs=(api_key(reading.place),),
                    ),
                    outputs={"id": mapping["ApiMappingId"]},
                    ours=ours,
                    owner="" if ours else f"the API {mapping['ApiId']}",
                )

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """Name the domain in the API's tag, then CreateApiMapping.

        One that is there already and leads to the API is an earlier answer that was lost.
        """
        clients, domain = applying.clients, wanted.key.name
        api_id = applying.output(api_key(applying.place), "id")
        for api in our_apis(clients, applying.place):
            if api["ApiId"] == api_id:
                _name_domains(applying, api, {*_domains(api), domain})
        try:
            made = clients.call(
                "apigatewayv2", "CreateApiMapping", DomainName=domain, ApiId=api_id, Stage=STAGE
            )
        except AwsError as error:
            if error.code == "NotFoundException":
                raise LcliError(_no_domain(domain, wanted.where)) from error
            there = _mappings(clients, domain, None) if error.code == "ConflictException" else []
            ours = [one for one in there if one["ApiId"] == api_id and not one.get("ApiMappingKey")]
            if not ours:
                raise
            made = ours[0]
        return {"id": made["ApiMappingId"]}

    def update(
        self, wanted: Resource, actual: Actual, changes: Sequence[Change], applying: Applying
    ) -> Outputs:
        """UpdateApiMapping to the stage."""
        applying.clients.call(
            "apigatewayv2",
            "UpdateApiMapping",
            DomainName=wanted.key.name,
            ApiId=applying.output(api_key(applying.place), "id"),
            ApiMappingId=actual.outputs["id"],
            Stage=STAGE,
        )
        return actual.outputs

    def delete(self, actual: Actual, applying: Applying) -> None:
        """DeleteApiMapping, then take the domain out of the API's tag if it still stands there."""
        clients, domain = applying.clients, actual.resource.key.name
        if mapping := actual.outputs["id"]:
            with expecting("NotFoundException"):
                clients.call(
                    "apigatewayv2", "DeleteApiMapping", DomainName=domain, ApiMappingId=mapping
                )
        for api in our_apis(clients, applying.place):
            if domain in _domains(api):
                _name_domains(applying, api, {*_domains(api)} - {domain})


def _domains(api: Mapping[str, Any]) -> list[str]:
    return str(api["Tags"].get(DOMAIN, "")).split()


def _name_domains(applying: Applying, api: Mapping[str, Any], names: Collection[str]) -> None:
    """Write the tag of the API that names its domains."""
    arn = api_arn(applying.place, api["ApiId"])
    call = applying.clients.call
    if names:
        tags = {DOMAIN: " ".join(sorted(names))}
        call("apigatewayv2", "TagResource", ResourceArn=arn, Tags=tags)
    else:
        call("apigatewayv2", "UntagResource", ResourceArn=arn, TagKeys=[DOMAIN])


def _mappings(clients: Clients, domain: str, where: str | None) -> list[dict[str, Any]]:
    """The mappings of a domain; one that is wanted (`where` is not None) must exist.

    Raises LcliError (USAGE): the plan reads them.
    """
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    try:
        # The SDK has no paginator for these.
        while True:
            page = clients.call("apigatewayv2", "GetApiMappings", DomainName=domain, **token)
            found += page["Items"]
            if not page.get("NextToken"):
                return found
            token = {"NextToken": page["NextToken"]}
    except AwsError as error:
        if error.code != "NotFoundException":
            raise
        if where is None:
            return []
        raise LcliError(_no_domain(domain, where), ExitCode.USAGE) from error


def _no_domain(domain: str, where: str) -> Problem:
    return Problem(
        "domain-not-found",
        f'API Gateway knows no custom domain name "{domain}"',
        where,
        "make it first, with its certificate and DNS record, or correct http.domain",
    )


KINDS = (HttpDomain(),)
