#!/usr/bin/env bash
# Build a Kubernetes control plane from Debian bookworm's source package (1.20.2, vendored) into DIRECTORY/bin:
# kube-apiserver, kube-controller-manager, and Debian's etcd beside them. About ten minutes of two cores.
# Needs deb-src lines for bookworm, rsync, make, gcc. Usage: build.sh DIRECTORY
set -euo pipefail
here=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$here"
mkdir -p source root bin home
apt-get -q source --download-only kubernetes
apt-get -q download golang-1.19-go golang-1.19-src golang-github-modern-go-reflect2-dev etcd-server
for package in ./*.deb; do dpkg -x "$package" root; done
for part in api misc src test; do ln -sfn "$here/root/usr/share/go-1.19/$part" "root/usr/lib/go-1.19/$part"; done
tar -C source --strip-components=1 -xf kubernetes_*.orig.tar.gz
# The vendored reflect2 reads maps as Go did before 1.18 and crashes; Debian's is the version that knows both.
vendored=source/vendor/github.com/modern-go/reflect2
rm -rf "$vendored"
cp -r root/usr/share/gocode/src/github.com/modern-go/reflect2 "$vendored"
rm -f "$vendored"/*_test.go
cd source
mkdir -p .go/src/k8s.io
ln -sfn ../../.. .go/src/k8s.io/kubernetes
export GOROOT="$here/root/usr/lib/go-1.19" GOPATH="$here/source/.go" HOME="$here/home" GO111MODULE=off CGO_ENABLED=0
export PATH="$GOROOT/bin:$PATH" KUBE_GIT_VERSION=v1.20.2 KUBE_GIT_MAJOR=1 KUBE_GIT_MINOR=20 KUBE_GIT_TREE_STATE=archive
make WHAT="cmd/kube-apiserver cmd/kube-controller-manager"
cp _output/bin/kube-apiserver _output/bin/kube-controller-manager "$here/root/usr/bin/etcd" "$here/bin/"
