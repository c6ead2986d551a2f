################################################################################
#
# berth: copy this directory to package/berth, and source its Config.in
#
################################################################################

BERTH_VERSION = 0.1.0
BERTH_SITE = https://berth.invalid/releases
BERTH_LICENSE = Apache-2.0
BERTH_LICENSE_FILES = LICENSE
BERTH_DEPENDENCIES = host-pkgconf mbedtls libcurl mosquitto cjson
BERTH_CONF_OPTS = \
	-DCMAKE_BUILD_TYPE=MinSizeRel \
	-DBERTH_SYSTEM_DEPS=ON \
	-DBERTH_OPERATOR=OFF \
	-DBERTH_TESTS=OFF \
	-DBERTH_PACKAGE=ON

define BERTH_INSTALL_DIRECTORIES
	$(INSTALL) -d -m 0700 $(TARGET_DIR)/etc/berth $(TARGET_DIR)/var/lib/berth
endef
BERTH_POST_INSTALL_TARGET_HOOKS += BERTH_INSTALL_DIRECTORIES

$(eval $(cmake-package))
