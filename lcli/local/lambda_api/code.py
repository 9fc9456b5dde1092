"""Where a function's or a layer's code comes from and where it can be read again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lcli.local.lambda_api.codestore import UNZIPPED_LIMIT
from lcli.local.lambda_api.context import Call, ObjectMissing, Parameters, resolved
from lcli.local.lambda_api.errors import invalid, too_large
from lcli.local.lambda_api.layers import unzipped_of
from lcli.local.lambda_api.state import Code

REQUEST_LIMIT = 70_167_211
"""Bytes of a request that carries code."""
CODE_PATH = "/2015-03-31/functions-code/"
"""Path below which this endpoint serves zips: what Code.Location points to."""
_THREAD_FROM = 1 << 20
"""Bytes of a zip from which it is checked beside the event loop."""


def refuse_large_request(call: Call, operation: str) -> None:
    """ApiError (413) for a request that is larger than Lambda reads."""
    if len(call.request.body) > REQUEST_LIMIT:
        raise too_large(
            f"Request must be smaller than {REQUEST_LIMIT} bytes for the {operation} operation"
        )


async def take(call: Call, source: Parameters, settings: Mapping[str, Any], operation: str) -> Code:
    """The code of a request, kept in the code store.

    Raises ApiError: too large, no zip, not in S3, or no source at all.
    """
    image, zipped = source.get("ImageUri"), settings["PackageType"] == "Zip"
    if operation == "UpdateFunctionCode" and zipped and image:
        raise invalid(
            "Please don't provide ImageUri when updating a function with packageType Zip."
        )
    if operation == "UpdateFunctionCode" and not zipped and not image:
        raise invalid("Please provide ImageUri when updating a function with packageType Image.")
    keys = {key for key in ("ImageUri", "S3Bucket", "S3Key", "S3ObjectVersion") if source.get(key)}
    if keys and "ZipFile" in source:
        raise invalid(
            "Please do not provide other FunctionCode parameters when providing a ZipFile."
        )
    if not image and len(keys & {"S3Bucket", "S3Key"}) == 1:
        raise invalid("S3 Bucket and Key are required for uploading with S3 parameters.")
    if image:
        digest = hashlib.sha256(image.encode()).hexdigest()
        return Code(sha256=digest, image=image)
    code = replace(await stored(call, source), source_key=source.get("SourceKMSKeyArn") or "")
    check_total(call, code, settings)
    return code


async def stored(call: Call, source: Parameters) -> Code:
    """The zip of a request (`ZipFile`, or `S3Bucket` and `S3Key`) in the code store."""
    direct = source.get("ZipFile") is not None
    if direct:
        data: bytes = source["ZipFile"]
    elif source.get("S3Bucket") and source.get("S3Key"):
        data = await _fetched(call, source)
    else:
        raise invalid("Please provide a source for function code.")
    store = call.shared.store
    if len(data) < _THREAD_FROM:
        return store.take(data, direct=direct)
    return await asyncio.to_thread(store.take, data, direct=direct)


async def _fetched(call: Call, source: Parameters) -> bytes:
    fetch = call.shared.seams.fetch_object
    try:
        if fetch is None:
            raise ObjectMissing("NoSuchBucket", "The specified bucket does not exist")
        found: bytes = await resolved(
            fetch(
                call.region.account,
                source["S3Bucket"],
                source["S3Key"],
                source.get("S3ObjectVersion"),
            )
        )
    except ObjectMissing as error:
        raise invalid(
            f"Error occurred while GetObject. S3 Error Code: {error.code}. "
            f"S3 Error Message: {error.message}"
        ) from None
    return found


def check_total(call: Call, code: Code, settings: Mapping[str, Any]) -> None:
    """ApiError if code and layers together are larger than Lambda allows."""
    total = code.unzipped + sum(unzipped_of(call, arn) for arn in settings.get("Layers", ()))
    if total > UNZIPPED_LIMIT:
        raise invalid(
            f"Function code combined with layers exceeds the maximum allowed size of "
            f"{UNZIPPED_LIMIT} bytes. The actual size is {total} bytes."
        )


def location(call: Call, code: Code) -> Parameters:
    """GetFunction's ``Code``."""
    if code.image:
        resolved_uri = f"{code.image.partition('@')[0].rpartition(':')[0] or code.image}"
        return {
            "RepositoryType": "ECR",
            "ImageUri": code.image,
            "ResolvedImageUri": f"{resolved_uri}@sha256:{code.sha256}",
        }
    key = {"SourceKMSKeyArn": code.source_key} if code.source_key else {}
    return {"RepositoryType": "S3", "Location": zip_url(call, code)} | key


def zip_url(call: Call, code: Code) -> str:
    """The address on this endpoint from which a zip can be downloaded."""
    return f"{call.base_url()}{CODE_PATH}{code.key}.zip"
