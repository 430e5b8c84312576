#!/usr/bin/env bash
# deb.sh DIR FILE VERSION ARCH makes a Debian package of an unpacked archive. Called by release.sh.
set -euo pipefail
dir=$1 file=$2 arch=$4
# Debian versions begin with a digit: v1.2.3 is 1.2.3, a bare commit is 0~commit.
case $3 in
v[0-9]*) version=${3#v} ;;
[0-9]*.*) version=$3 ;;
*) version=0~$3 ;;
esac
version=${version//-/+}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
put() { install -D -m "$1" "$2" "$root/$3"; }
put 755 "$dir/muster" usr/bin/muster
put 644 "$dir/deploy/muster.service" usr/lib/systemd/system/muster.service
put 644 "$dir/deploy/muster.sysusers" usr/lib/sysusers.d/muster.conf
put 644 "$dir/deploy/muster.yaml" etc/muster/muster.yaml
put 644 "$dir/LICENSE" usr/share/doc/muster/copyright
for f in NOTICE README.md SECURITY.md operating.md deploy/nginx.conf deploy/Caddyfile; do put 644 "$dir/$f" "usr/share/doc/muster/$(basename "$f")"; done
for f in "$dir"/man/*.1; do
	gzip -n9 <"$f" >"$root/page.gz"
	put 644 "$root/page.gz" "usr/share/man/man1/$(basename "$f").gz"
	rm "$root/page.gz"
done
put 644 "$dir/completion/muster.bash" usr/share/bash-completion/completions/muster
put 644 "$dir/completion/muster.zsh" usr/share/zsh/vendor-completions/_muster
put 644 "$dir/completion/muster.fish" usr/share/fish/vendor_completions.d/muster.fish
mkdir "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<-END
	Package: muster
	Version: $version
	Architecture: $arch
	Maintainer: The Muster authors <maintainers@muster.example.test>
	Section: net
	Priority: optional
	Installed-Size: $(du -k -s --apparent-size "$root" | cut -f1)
	Depends: adduser
	Recommends: systemd
	Description: recruitment and participant portal for clinical trials
	 Muster finds volunteers, tells recruiters who fits and why, and keeps in
	 touch with participants by web, text and phone.
END
echo /etc/muster/muster.yaml >"$root/DEBIAN/conffiles"
# No key, no password, no database is made here: the first start makes the key ring, as the user muster.
cat >"$root/DEBIAN/postinst" <<'END'
#!/bin/sh
set -e
if [ "$1" = configure ]; then
	if ! getent passwd muster >/dev/null; then
		adduser --system --group --no-create-home --home /var/lib/muster --gecos Muster muster >/dev/null
	fi
	if [ -d /run/systemd/system ]; then
		systemctl daemon-reload || true
		if [ -n "$2" ]; then systemctl try-restart muster.service || true; fi
	fi
fi
END
cat >"$root/DEBIAN/prerm" <<'END'
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then systemctl disable --now muster.service || true; fi
END
chmod 755 "$root"/DEBIAN/postinst "$root"/DEBIAN/prerm
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zgzip -z9 --build "$root" "$file" >/dev/null
