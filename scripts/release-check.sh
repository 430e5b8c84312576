#!/usr/bin/env bash
# Builds a release twice and checks it: equal bytes, checksums, what is in the archive and in the
# package, that nothing secret is made by installing it, and that the binary runs.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad() { echo "release check: $*" >&2; exit 1; }
export TARGETS=${TARGETS:-linux/$(${GO:-go} env GOARCH)}
OUT=$work/one scripts/release.sh >/dev/null
# The second time from another folder, with another umask; FRESH=1: and with nothing compiled before.
mkdir "$work/elsewhere"
[ -z "${FRESH:-}" ] || { export GOCACHE=$work/cache; trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT; }
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$work/elsewhere"
(umask 077 && cd "$work/elsewhere" && SOURCE_DATE_EPOCH=$(git -C "$OLDPWD" log -1 --format=%ct) VERSION=$(cd "$OLDPWD" && git describe --tags --always --dirty) OUT=$work/two scripts/release.sh >/dev/null)
diff -r "$work/one" "$work/two" >/dev/null || bad "two builds differ: $(cd "$work" && diff -rq one two)"
(cd "$work/one" && sha256sum --quiet -c SHA256SUMS) || bad "checksums"
for a in "$work"/one/*.tar.gz; do
	tar -tzf "$a" >"$work/list"
	for want in muster LICENSE NOTICE man/muster.1 man/muster-serve.1 completion/muster.bash operating.md; do
		grep -q "/muster-[^/]*/$want\$" "$work/list" || bad "$(basename "$a") lacks $want"
	done
	grep -iE '\.(db|pem|key)$|keyring' "$work/list" && bad "$(basename "$a") holds what it should not"
done
for b in "$work"/one/*.cdx.json; do
	grep -q '"purl": "pkg:golang/github.com/spf13/cobra@' "$b" || bad "$(basename "$b") does not list what the binary is made of"
done
tar -xzf "$work"/one/*.tar.gz -C "$work"
"$work"/muster-*/muster --version
file "$work"/muster-*/muster 2>/dev/null | grep -q 'statically linked' || ! command -v file >/dev/null || bad "the binary is not static"
"$work"/muster-*/muster check --data-dir "$work/none" >/dev/null
for d in "$work"/one/*.deb; do
	[ -e "$d" ] || { echo "NOT RUN: the Debian package (no dpkg-deb)"; break; }
	dpkg-deb -c "$d" >"$work/list"
	for want in ./usr/bin/muster ./usr/lib/systemd/system/muster.service ./usr/lib/sysusers.d/muster.conf ./etc/muster/muster.yaml ./usr/share/man/man1/muster.1.gz ./usr/share/doc/muster/copyright; do
		grep -q " $want\$" "$work/list" || bad "the package lacks $want"
	done
	awk '$2 != "root/root" { exit 1 }' "$work/list" || bad "the package has files that are not root's"
	grep -E 'var/lib|keyring|\.db' "$work/list" && bad "the package brings data"
	dpkg-deb -e "$d" "$work/control"
	grep -nE 'openssl|/dev/u?random|keyring|password|muster (serve|staff|study)' "$work/control/postinst" && bad "installing makes something secret"
	for s in postinst prerm; do sh -n "$work/control/$s"; done
done
echo "release check: two builds are equal, and hold what they should"
