# shellcheck shell=bash disable=SC2154,SC2016,SC2013 # of tests/trees; texts for make and sh; words
# OpenWrt: stand-ins for what its rules.mk, package.mk, cmake.mk, rc.common and procd.sh offer a
# package (openwrt.org/docs/guide-developer: packages, procd-init-scripts), enough to run ours.

# What procd_set_param takes, and packages that a dependency may name (the feeds base and packages).
procd_params="command respawn env data file netdev limits user group pidfile stdout stderr facility
    vrf nice term_timeout reload_signal no_new_privs seccomp capabilities watch error"
openwrt_packages="libmbedtls libcurl libmosquitto-nossl cJSON nftables iptables-nft conntrack procps-ng-sysctl"

openwrt_tree() {
    mkdir -p "$openwrt"/{include,package,build,bin}
    cp -r "$packaging/openwrt" "$openwrt/package/berth"
    source_tree "$openwrt/build"
    cat >"$openwrt/rules.mk" <<'MK'
INCLUDE_DIR := $(TOPDIR)/include
INSTALL_DIR := install -d -m0755
INSTALL_BIN := install -m0755
INSTALL_DATA := install -m0644
MK
    cat >"$openwrt/include/package.mk" <<'MK'
PKG_BUILD_DIR := $(TOPDIR)/build/$(PKG_NAME)-$(PKG_VERSION)
PKG_INSTALL_DIR := $(PKG_BUILD_DIR)/ipkg-install
need = $(if $(strip $($(1))),,$(error $(1) is not set))
# BuildPackage NAME: targets that show the package, build it, and install it into ROOT.
define BuildPackage
$(foreach name,PKG_NAME PKG_VERSION PKG_RELEASE PKG_SOURCE PKG_SOURCE_URL PKG_HASH PKG_LICENSE,$(call need,$(name)))
$(eval $(Package/$(1)))
$(foreach name,SECTION CATEGORY TITLE Package/$(1)/description Package/$(1)/install,$(call need,$(name)))
export CONFFILES := $(Package/$(1)/conffiles)
show:
	@printf '%s\n' 'name $(1)' 'version $(PKG_VERSION)' 'source $(PKG_SOURCE)' 'url $(PKG_SOURCE_URL)' \
	    'hash $(PKG_HASH)' 'license $(PKG_LICENSE) $(PKG_LICENSE_FILES)' 'depends $(DEPENDS)' "conffiles $$$$CONFFILES"
build:
	$(Build/Configure/Default)
	ninja -C $(PKG_BUILD_DIR)
	DESTDIR=$(PKG_INSTALL_DIR) ninja -C $(PKG_BUILD_DIR) install
install:
$(call Package/$(1)/install,$(ROOT))
endef
MK
    # The build is in the source directory; options of the package come last, so they win.
    cat >"$openwrt/include/cmake.mk" <<'MK'
CMAKE_OPTIONS += -GNinja -DCMAKE_C_FLAGS="$(TARGET_CFLAGS)"
Build/Configure/Default = cd $(PKG_BUILD_DIR) && CFLAGS="$(TARGET_CFLAGS)" LDFLAGS="$(TARGET_LDFLAGS)" \
    cmake --no-warn-unused-cli -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_VERSION=1 \
    -DCMAKE_SYSTEM_PROCESSOR=arm -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE="-DNDEBUG" \
    -DCMAKE_C_COMPILER=$(TARGET_CC) -DCMAKE_EXE_LINKER_FLAGS="$(TARGET_LDFLAGS)" \
    -DCMAKE_FIND_ROOT_PATH="$(STAGING_DIR)/usr;$(TOOLCHAIN_ROOT_DIR)" \
    -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER -DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY \
    -DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY -DCMAKE_STRIP=: -DCMAKE_INSTALL_PREFIX=/usr \
    -DCMAKE_PREFIX_PATH=$(STAGING_DIR) -DCMAKE_SKIP_RPATH=TRUE $(CMAKE_OPTIONS) .
MK
    # Its pkg-config moves the prefix of every module into the staging directory.
    cat >"$openwrt/bin/pkg-config" <<SH
#!/bin/sh
exec $(command -v pkg-config) --define-variable=prefix="\$STAGING_DIR/usr" \\
    --define-variable=exec_prefix="\$STAGING_DIR/usr" "\$@"
SH
    chmod +x "$openwrt/bin/pkg-config"
}

# openwrt_make TARGET [VARIABLE...]
openwrt_make() {
    PATH=$openwrt/bin:$PATH STAGING_DIR=$sysroot PKG_CONFIG_LIBDIR=$sysroot/usr/lib/pkgconfig \
        make --no-print-directory --warn-undefined-variables -C "$openwrt/package/berth" "$@" TOPDIR="$openwrt" \
        STAGING_DIR="$sysroot" TOOLCHAIN_ROOT_DIR="$libc" TARGET_CC="$compiler" \
        TARGET_LDFLAGS="-L$sysroot/usr/lib -Wl,-z,now -Wl,-z,relro" \
        TARGET_CFLAGS="-Os -pipe -march=armv7-a+fp -fno-caller-saves -D_FORTIFY_SOURCE=1 -fstack-protector"
}

openwrt_reads() {
    openwrt_make show ROOT= >"$dir/openwrt.show" 2>"$dir/openwrt.err"
    local rc=$?
    cat "$dir/openwrt.show" "$dir/openwrt.err"
    [[ $rc -eq 0 && ! -s $dir/openwrt.err ]]
}

openwrt_says() { grep -qx -e "$1" "$dir/openwrt.show" || { cat "$dir/openwrt.show"; false; }; }

openwrt_depends_known() {
    local name=
    for name in $(sed -n 's/^depends //p' "$dir/openwrt.show"); do
        [[ $name == +* && " $openwrt_packages " == *" ${name#+} "* ]] ||
            { echo "$name: not a package of OpenWrt as this test knows them"; return 1; }
    done
    [[ -n $name ]]
}

openwrt_builds() { openwrt_make build ROOT= >"$dir/openwrt.log" 2>&1 || { tail -n 20 "$dir/openwrt.log"; false; }; }

# Paths and modes of all that the recipe installs.
openwrt_installs() {
    local want='755 etc
700 etc/berth
755 etc/init.d
755 etc/init.d/berthd
755 usr
755 usr/bin
755 usr/bin/berthctl
755 usr/libexec
755 usr/libexec/berth
755 usr/libexec/berth/berth-boot
755 usr/sbin
755 usr/sbin/berthd'
    mkdir "$openwrt/root"
    openwrt_make install ROOT="$openwrt/root" || return
    diff <(echo "$want") <(cd "$openwrt/root" && find . -mindepth 1 -printf '%m %P\n' | sort -k 2)
}

openwrt_conffiles() {
    local file=
    for file in $(sed -n 's/^conffiles //p' "$dir/openwrt.show"); do
        [[ -e $openwrt/root$file ]] || { echo "$file is not installed"; return 1; }
    done
    [[ -n $file ]]
}

# -- the procd script, in the root that was just installed ----------------------------------------

# Everything that it could touch writes down how it was called.
procd_root() {
    local file name
    mkdir -p "$openwrt/root"/{bin,lib/functions,tmp,dev,var,usr/sbin,etc/berth/state}
    cp "$(command -v busybox)" "$(command -v dash)" "$openwrt/root/bin/"
    for file in $(ldd "$(command -v busybox)" "$(command -v dash)" | grep -o '/[^ :]*\.so[^ :]*'); do
        cp --parents -L "$file" "$openwrt/root"
    done
    : >"$openwrt/root/dev/null"
    for name in mkdir chmod tr sed cat basename; do
        ln -s busybox "$openwrt/root/bin/$name"
    done
    printf '#!/bin/sh\necho "${0##*/} $*" >>/calls\n[ ! -e "/fail.${0##*/}" ]\n' >"$openwrt/root/bin/recorder"
    chmod +x "$openwrt/root/bin/recorder"
    for name in logger nft iptables conntrack docker podman sysctl ip killall kill rm; do
        ln -sf /bin/recorder "$openwrt/root/usr/sbin/$name"
    done
    {
        printf 'known="%s"\n' "$(tr -s ' \n' ' ' <<<"$procd_params")"
        cat <<'SH'
initscript=$1 action=$2
record() { echo "$*" >>/calls; }
for name in open_service close_service open_instance close_instance kill send_signal; do
    eval "procd_$name() { record procd_$name \"\$@\"; }"
done
procd_set_param() {
    case " $known " in *" $1 "*) record procd_set_param "$@" ;; *) record "procd knows no $1" ;; esac
}
stop_service() { :; }
. "$initscript"
[ "$USE_PROCD" = 1 ] || record "USE_PROCD is not set"
case $action in
start) procd_open_service berthd "$initscript"; start_service; procd_close_service set ;;
stop) stop_service; procd_kill berthd ;;
reload) if type reload_service >/dev/null 2>&1; then reload_service; else record restart; fi ;;
order) echo "$START" ;;
esac
SH
    } >"$openwrt/root/etc/rc.common"
    chmod +x "$openwrt/root/etc/rc.common"
    echo 'table ip berth-gw1 {}' >"$openwrt/root/etc/berth/state/boot.nft"
}

# procd SHELL ACTION: as the kernel would start it, /bin/sh being SHELL.
procd() {
    ln -sf "$1" "$openwrt/root/bin/sh"
    : >"$openwrt/root/calls"
    PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$openwrt/root" /etc/init.d/berthd "$2"
}

# calls_are TEXT
procd_calls_are() { diff <(printf '%s' "$1") "$openwrt/root/calls"; }

procd_service='procd_open_instance
procd_set_param command /usr/sbin/berthd --config /etc/berth/berthd.json
procd_set_param respawn 3600 1 0
procd_set_param stderr 1
procd_set_param no_new_privs 1
procd_set_param term_timeout 30
procd_close_instance
'

procd_starts() {
    rm -rf "$openwrt/root/run"
    echo '{"schema": 1, "node": "gw1", "stateDir": "/etc/berth/state"}' >"$openwrt/root/etc/berth/berthd.json"
    procd "$1" start || return
    procd_calls_are "procd_open_service berthd /etc/init.d/berthd
nft -f /etc/berth/state/boot.nft
iptables -w -N DOCKER-USER
iptables -w -C DOCKER-USER -d 198.18.0.0/15 -j ACCEPT
iptables -w -C DOCKER-USER -s 198.18.0.0/15 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
${procd_service}procd_close_service set
" && [[ -x $openwrt/root/usr/sbin/berthd && $(stat -c %a "$openwrt/root/run/berth") == 755 ]]
}

# A ruleset that nft refuses must not keep the agent, which writes it anew, from starting.
procd_starts_anyhow() {
    : >"$openwrt/root/fail.nft"
    procd "$1" start
    rm "$openwrt/root/fail.nft"
    [[ $(grep -e '^procd_.*_instance' -e '^procd_set_param' "$openwrt/root/calls") == "${procd_service%$'\n'}" ]]
}

procd_waits_for_setup() {
    rm "$openwrt/root/etc/berth/berthd.json"
    procd "$1" start || return
    procd_calls_are 'procd_open_service berthd /etc/init.d/berthd
logger -t berthd /etc/berth/berthd.json is not there: this node is not set up
procd_close_service set
'
}

procd_stops() { procd "$1" stop && procd_calls_are $'procd_kill berthd\n'; }
procd_reloads() { procd "$1" reload && procd_calls_are $'procd_send_signal berthd * HUP\n'; }

# The engine's own script has START=99: the ruleset has to be there before.
procd_order() { [[ $(procd busybox order) -lt 99 ]]; }

check_openwrt() {
    local shell openwrt=$dir/openwrt
    openwrt_tree
    check "openwrt: make reads the Makefile" openwrt_reads
    check "openwrt: the version is the project's" openwrt_says "version $version"
    check "openwrt: the source is the release's tarball" openwrt_says "source berth-$version.tar.gz"
    check "openwrt: the licence is in the tree" test -s "$root/$(sed -n 's/^license Apache-2.0 //p' "$dir/openwrt.show")"
    check "openwrt: dependencies are packages" openwrt_depends_known
    check "openwrt: its CMake options build, in the source directory" openwrt_builds
    check "openwrt: no warning under its flags" no_warning "$dir/openwrt.log"
    check "openwrt: the recipe installs what it should" openwrt_installs
    check "openwrt: conffiles are installed" openwrt_conffiles
    check "openwrt: programs run with its libraries" is_built "$openwrt/root"
    procd_root
    for shell in busybox dash; do
        check "procd, $shell: start" procd_starts $shell
        check "procd, $shell: start with a ruleset that nft refuses" procd_starts_anyhow $shell
        check "procd, $shell: start before the node is set up" procd_waits_for_setup $shell
        check "procd, $shell: stop touches neither containers nor firewall" procd_stops $shell
        check "procd, $shell: reload is a signal" procd_reloads $shell
    done
    check "procd: starts before the engine" procd_order
    not_checked "openwrt: PKG_HASH is '$(sed -n 's/^hash //p' "$dir/openwrt.show")' and PKG_SOURCE_URL $(sed -n 's/^url //p' "$dir/openwrt.show"): placeholders until there is a release"
}
