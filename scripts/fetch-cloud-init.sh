#!/usr/bin/env bash
# Fetches cloud-init's Debian package and what its modules import into .cache/cloud-init, and unpacks them there for the tests
# that ask cloud-init itself. They are never installed: its services would configure this machine.
set -eu
cd "$(dirname "$0")/.."

root=.cache/cloud-init/root
[ -d "$root/usr/lib/python3/dist-packages/cloudinit" ] && exit 0
rm -rf .cache/cloud-init
mkdir -p .cache/cloud-init/packages "$root"
cd .cache/cloud-init/packages
apt-get download -qq cloud-init python3-attr python3-certifi python3-chardet python3-charset-normalizer \
  python3-configobj python3-idna python3-jinja2 python3-json-pointer python3-jsonpatch python3-jsonschema \
  python3-jwt python3-blinker python3-markupsafe python3-netifaces python3-oauthlib python3-pyrsistent \
  python3-requests python3-serial python3-six python3-urllib3 python3-yaml
for package in *.deb; do dpkg-deb -x "$package" ../root; done
