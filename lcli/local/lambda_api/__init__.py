"""Lambda's control plane of the local cloud, on the SDK's own service model."""

from lcli.local.lambda_api.api import LambdaApi, account_of
from lcli.local.lambda_api.context import Delays, ObjectMissing

__all__ = ["Delays", "LambdaApi", "ObjectMissing", "account_of"]
