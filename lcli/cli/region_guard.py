"""The guard against a region that the manifest does not name."""

from __future__ import annotations

from collections.abc import Sequence

from lcli.cli.run import Run


def note_region(run: Run, texts: Sequence[str]) -> list[str]:
    """Say where another region than the manifest's is worked on; what wants a word before a change.

    `texts` are the functions named: an ARN says its region itself. A variable wants the word, since
    it may be left of something else; --region is the user's own. Nothing is said with --local, and
    where the manifest leaves its region to a reference.
    """
    options, document = run.options, run.any_document
    written = document.written_regions if document and not options.local else ()
    by_arns = bool(texts) and all(text.startswith("arn:") for text in texts)
    if not (options.region and written) or options.region in written or by_arns:
        return []
    of_variable = "region" in options.of_environment
    source = "LCLI_REGION" if of_variable else "--region"
    told = f"works in {options.region} ({source}), the manifest says {' and '.join(written)}"
    run.terminal.note(told)
    return [told] if of_variable else []
