# Yocto: copy to recipes-support/berth/ of a layer. Needs meta-oe (cjson), meta-networking (mbedtls,
# mosquitto, nftables, conntrack-tools) and meta-virtualization (the engine). Libraries are the
# distribution's; mbedtls has to be 3.6 or newer.
SUMMARY = "Edge deployment agent: swaps containers without losing requests"
HOMEPAGE = "https://berth.invalid"
SECTION = "admin"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

SRC_URI = "https://berth.invalid/releases/berth-${PV}.tar.gz"
# Of the release that is packaged:
SRC_URI[sha256sum] = "0000000000000000000000000000000000000000000000000000000000000000"

DEPENDS = "mbedtls curl mosquitto cjson"
RDEPENDS:${PN} = "nftables iptables conntrack-tools procps-sysctl"
RRECOMMENDS:${PN} = "docker-moby"

inherit cmake pkgconfig systemd features_check

# systemd starts the agent, and its units are installed below /usr.
REQUIRED_DISTRO_FEATURES = "systemd usrmerge"

EXTRA_OECMAKE = "-DCMAKE_BUILD_TYPE=MinSizeRel -DBERTH_SYSTEM_DEPS=ON -DBERTH_OPERATOR=OFF \
    -DBERTH_TESTS=OFF -DBERTH_PACKAGE=ON"

SYSTEMD_SERVICE:${PN} = "berthd.service berth-boot.service"
FILES:${PN} += "${systemd_system_unitdir} ${libexecdir}/berth ${nonarch_libdir}/sysctl.d \
    ${nonarch_libdir}/tmpfiles.d ${datadir}"
CONFFILES:${PN} = "${sysconfdir}/default/berthd"

do_install:append() {
    install -d -m 0700 ${D}${sysconfdir}/berth ${D}${localstatedir}/lib/berth
}
