"""Makes a thumbnail of every photograph that lands below incoming/ of a bucket."""

import io
import os
from pathlib import PurePosixPath
from urllib.parse import unquote_plus

import boto3
from PIL import Image, ImageOps

SIZE = int(os.environ.get("SIZE", "320"))
s3 = boto3.client("s3")


def handler(event, context):
    """Takes an S3 notification; gives the keys of the thumbnails that it stored."""
    return {"thumbnails": [store(record["s3"]) for record in event["Records"]]}


def store(source):
    """Reads one photograph, writes its thumbnail below thumbnails/ of the same bucket."""
    bucket, key = source["bucket"]["name"], unquote_plus(source["object"]["key"])
    photo = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    small = thumbnail(photo)
    made = f"thumbnails/{PurePosixPath(key).stem}.jpg"
    s3.put_object(Bucket=bucket, Key=made, Body=small, ContentType="image/jpeg")
    print(f"{key} ({len(photo):,} bytes) -> {made} ({len(small):,} bytes)")
    return made


def thumbnail(photo):
    """A JPEG that fits into a square of SIZE pixels, turned the way the camera was held."""
    with Image.open(io.BytesIO(photo)) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((SIZE, SIZE))
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=85)
    return out.getvalue()
