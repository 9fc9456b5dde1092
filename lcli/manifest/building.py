"""How a source becomes a zip, as the manifest says it, and the base of all its models."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

import lcli.without_plugins  # noqa: F401 (first of all models)
from lcli.manifest.values import Strings


class Model(BaseModel):
    """Unknown keys are refused; numbers are fine where text is expected.

    What is validated within another model needs no validator of its own: `defer_build` saves 50 ms
    of each command that reads a manifest.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, coerce_numbers_to_str=True, defer_build=True
    )


class Build(Model):
    """How the source becomes a zip; found from the source when left out."""

    kind: Literal["python", "node", "command", "none"] | None = Field(
        default=None,
        description="python and node install dependencies, command runs one, "
        "none packs the files as they are.",
    )
    requirements: str | None = Field(
        default=None, description="Requirements file or pyproject.toml, relative to the source."
    )
    command: Strings = Field(
        default=(),
        description="A program and its arguments, run in the source, that fills output.",
    )
    output: str = Field(default="", description="The folder that is packed then, in the source.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.command) != bool(self.output):
            raise ValueError("expected command and output together")
        if self.kind == "command" and not self.command:
            raise ValueError("kind command needs command and output")
        if self.command and (self.requirements or self.kind not in (None, "command")):
            raise ValueError("a command replaces kind and requirements")
        parts = PurePosixPath(self.output).parts
        if self.output and (not parts or ".." in parts or self.output.startswith("/")):
            raise ValueError("output: expected a folder inside the source")
        return self
