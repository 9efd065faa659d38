#!/usr/bin/env python3
"""Stand in for kaniko and for buildx: write exactly the files that they leave behind.

    stand_in_builder.py kaniko --destination IMAGE --digest-file FILE
    stand_in_builder.py buildx --tag IMAGE --metadata-file FILE

The image is a real one, though a tiny one: a manifest, a configuration and no layer. Its
digest depends on its name only, so that the recorded clusters of this example know it.
With EXAMPLE_REGISTRY=127.0.0.1:5000 it is pushed there, and the digest is the registry's.
"""

import argparse
import hashlib
import json
import os
import sys
import urllib.parse
import urllib.request

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"


def main():
    arguments = parse_arguments()
    config, manifest = make_image(arguments.image)
    digest = digest_of(manifest)
    registry = os.environ.get("EXAMPLE_REGISTRY")
    if registry:
        digest = push(registry, arguments.image, config, manifest)
    if arguments.builder == "kaniko":
        text = digest  # kaniko writes no line feed
    else:
        text = json.dumps(metadata(arguments.image, digest, len(manifest)), indent=2)
    with open(arguments.file, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"built and pushed {arguments.image}: {digest}", file=sys.stderr)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    builders = parser.add_subparsers(dest="builder", required=True)
    kaniko = builders.add_parser("kaniko")
    kaniko.add_argument("--destination", dest="image", required=True)
    kaniko.add_argument("--digest-file", dest="file", required=True)
    buildx = builders.add_parser("buildx")
    buildx.add_argument("--tag", dest="image", required=True)
    buildx.add_argument("--metadata-file", dest="file", required=True)
    return parser.parse_args()


def make_image(name):
    labels = {"org.opencontainers.image.ref.name": name}
    config = encoded(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Labels": labels},
            "rootfs": {"type": "layers", "diff_ids": []},
        }
    )
    descriptor = {"mediaType": CONFIG, "digest": digest_of(config), "size": len(config)}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor, "layers": []}
    return config, encoded(manifest)


def metadata(name, digest, size):
    return {
        "buildx.build.ref": "example/example0/a1b2c3d4e5f6g7h8i9j0k1l2m",
        "containerimage.config.digest": digest_of(b"config"),
        "containerimage.descriptor": {"mediaType": MANIFEST, "digest": digest, "size": size},
        "containerimage.digest": digest,
        "image.name": name,
    }


def push(registry, name, config, manifest):
    repository, _, tag = name.partition("/")[2].rpartition(":")
    base = f"http://{registry}/v2/{repository}"
    with send("POST", f"{base}/blobs/uploads/", b"", CONFIG) as answer:
        place = urllib.parse.urljoin(base, answer.headers["Location"])
    joint = "&" if "?" in place else "?"
    send("PUT", f"{place}{joint}digest={digest_of(config)}", config, "application/octet-stream").close()
    with send("PUT", f"{base}/manifests/{tag}", manifest, MANIFEST) as answer:
        return answer.headers["Docker-Content-Digest"]


def send(method, address, data, media_type):
    headers = {"Content-Type": media_type}
    request = urllib.request.Request(address, data=data, headers=headers, method=method)
    return urllib.request.urlopen(request, timeout=30)


def digest_of(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def encoded(value):
    return json.dumps(value, separators=(",", ":")).encode()


if __name__ == "__main__":
    main()
