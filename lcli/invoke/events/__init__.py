"""Events as the AWS Lambda guide shows them, one file a source; `lcli.invoke.event` reads them."""
