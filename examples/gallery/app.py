"""Shows the thumbnails of a bucket in a browser: the page and, one by one, its images."""

import base64
import os
from html import escape
from urllib.parse import quote, unquote

import boto3

BUCKET = os.environ["BUCKET"]
FOLDER = "thumbnails/"
s3 = boto3.client("s3")

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  body {{ margin: 3rem auto; max-width: 70rem; padding: 0 1.5rem; font: 16px/1.5 system-ui;
          background: #14151a; color: #e8e6e3 }}
  main {{ display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)) }}
  figure {{ margin: 0; background: #1e2027; border-radius: .75rem; overflow: hidden }}
  img {{ display: block; width: 100%; aspect-ratio: 3 / 2; object-fit: cover }}
  figcaption {{ padding: .6rem 1rem; color: #a9adb8; font-size: .875rem }}
</style>
<h1>{title}</h1>
<main>
{figures}
</main>
"""
FIGURE = '<figure><img src="images/{href}" alt="{name}"><figcaption>{name}</figcaption></figure>'
EMPTY = "<p>Nothing here yet: put a .jpg below <code>incoming/</code> of the bucket.</p>"


def handler(event, context):
    """Answers GET / and GET /images/NAME of an HTTP API (payload format 2.0)."""
    name = (event.get("pathParameters") or {}).get("name")
    return image(unquote(name)) if name else page()


def page():
    """All thumbnails, the latest first."""
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix=FOLDER).get("Contents", [])
    latest = sorted(found, key=lambda each: each["LastModified"], reverse=True)
    names = [each["Key"].removeprefix(FOLDER) for each in latest]
    figures = "\n".join(FIGURE.format(href=quote(n), name=escape(n)) for n in names)
    title = f"{len(names)} photograph{'s' * (len(names) != 1)}"
    html = PAGE.format(title=title, figures=figures or EMPTY)
    return {"statusCode": 200, "headers": {"content-type": "text/html; charset=utf-8"}, "body": html}


def image(name):
    """One thumbnail; 404 if there is none."""
    try:
        found = s3.get_object(Bucket=BUCKET, Key=FOLDER + name)
    except s3.exceptions.NoSuchKey:
        return {"statusCode": 404, "body": f"there is no {name}"}
    return {
        "statusCode": 200,
        "headers": {"content-type": "image/jpeg", "cache-control": "max-age=3600"},
        "body": base64.b64encode(found["Body"].read()).decode(),
        "isBase64Encoded": True,
    }
