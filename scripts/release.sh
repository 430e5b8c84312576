#!/usr/bin/env bash
# Builds what is given out, into dist/: static binaries, archives with licence, manual and service
# files, a Debian package where dpkg-deb is there, a list of what each binary is made of, checksums.
# The same commit with the same Go release gives the same bytes, on any day and in any folder.
#   TARGETS="linux/amd64" scripts/release.sh     only some
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
version=${VERSION:-$(git describe --tags --always --dirty 2>/dev/null || echo dev)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export TZ=UTC LC_ALL=C CGO_ENABLED=0
out=${OUT:-dist}
rm -rf "$out"
mkdir -p "$out/man" "$out/bin" "$out/completion"
out=$(cd "$out" && pwd)
umask 022

# The version is the one input besides the sources: whether the tree is clean must not change bytes.
build() { $GO build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X main.version=$version" "$@"; }
# archive DIR FILE: members in order, owned by root, as old as the commit.
archive() { tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$1" -c . | gzip -n9 >"$2"; }

build -o "$out/bin/here" ./cmd/muster
"$out/bin/here" man "$out/man"
for shell in bash zsh fish; do "$out/bin/here" completion "$shell" >"$out/completion/muster.$shell"; done

for target in ${TARGETS:-linux/amd64 linux/arm64 darwin/arm64}; do
	os=${target%/*} arch=${target#*/}
	name=muster_${version}_${os}_$arch
	dir=$out/$name/muster-$version
	mkdir -p "$dir/man" "$dir/completion"
	GOOS=$os GOARCH=$arch build -o "$dir/muster" ./cmd/muster
	$GO run ./scripts/sbom "$dir/muster" "$version" >"$out/$name.cdx.json"
	cp "$out"/man/* "$dir/man"
	cp "$out"/completion/* "$dir/completion"
	cp -r LICENSE NOTICE LICENSES README.md SECURITY.md docs/operating.md "$dir"
	[ "$os" = linux ] && mkdir "$dir/deploy" && cp deploy/muster.service deploy/muster.sysusers deploy/muster.yaml deploy/nginx.conf deploy/Caddyfile "$dir/deploy"
	chmod -R u=rwX,go=rX "$out/$name" # whatever the umask of whoever checked out
	archive "$out/$name" "$out/$name.tar.gz"
	if [ "$os" = linux ] && command -v dpkg-deb >/dev/null; then
		scripts/deb.sh "$dir" "$out/$name.deb" "$version" "$arch"
	fi
	rm -rf "${out:?}/$name"
done
rm -rf "$out/bin" "$out/man" "$out/completion"
(cd "$out" && sha256sum muster_* >SHA256SUMS && cat SHA256SUMS)
