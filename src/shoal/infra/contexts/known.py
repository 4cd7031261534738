"""What a cloud-config may say, and what is not done for those that say more.

Names are those of cloud-init's module reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

MODULES = 300  # of one cloud-config that are looked at; there are fewer
FAILURES = ("stop", "continue")
OURS = "shoal"

DONE = frozenset(
    {
        *("bootcmd", "write_files", "swap", "mounts", "mount_default_fields", "hostname", "fqdn"),
        *("preserve_hostname", "manage_etc_hosts", "groups", "users", "user", "password", "chpasswd"),
        *("ssh_keys", "ssh_authorized_keys", "ssh_pwauth", "ca_certs", "ca-certs", "apt", "yum_repos"),
        *("locale", "locale_configfile", "timezone", "ntp", "packages", "package_update"),
        *("package_upgrade", "apt_update", "apt_upgrade", "runcmd", "final_message", OURS),
    }
)
# Nothing is to be done for these: they are about the boot of a real machine, or about cloud-init itself.
PASSED_OVER = frozenset(
    {
        *("growpart", "resize_rootfs", "random_seed", "seed_random", "disable_root", "disable_root_opts"),
        *("ssh_deletekeys", "ssh_genkeytypes", "ssh_quiet_keygen", "ssh_fp_console_blacklist", "ssh"),
        *("ssh_publish_hostkeys", "no_ssh_fingerprints", "keyboard", "output", "merge_how", "merge_type"),
        *("cloud_init_modules", "cloud_config_modules", "cloud_final_modules", "datasource"),
        *("datasource_list", "system_info", "byobu_by_default", "disable_ec2_metadata", "updates"),
        *("package_reboot_if_required", "apt_reboot_if_required", "prefer_fqdn_over_hostname"),
        *("create_hostname_file", "allow_public_ssh_keys", "manage_resolv_conf", "reporting", "version"),
        *("vendor_data", "def_log_file", "syslog_fix_perms", "log_cfgs", "fan", "grub_dpkg", "grub-dpkg"),
        *("unverified_modules", "authkey_hash", "launch-index", "deb_progress"),
    }
)
_MANAGER = "write `config_management: {type: ansible, ...}`, or run it in `runcmd`"
_COMMAND = "do it in `runcmd`"
REFUSED: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("ansible", "chef", "puppet", "salt_minion", "mcollective"), _MANAGER),
        **dict.fromkeys(
            (
                *("disk_setup", "fs_setup", "device_aliases", "snap", "lxd", "wireguard", "resolv_conf"),
                *("rsyslog", "zypper", "apk_repos", "landscape", "rh_subscription", "spacewalk"),
                *("ubuntu_pro", "ubuntu_advantage", "drivers", "network", "autoinstall"),
                *("ubuntu_autoinstall", "raspberry_pi", "rpi", "yum_repo_dir"),
            ),
            _COMMAND,
        ),
        "ssh_import_id": "write the keys themselves, as `ssh_authorized_keys`",
        "power_state": "leave it out: a machine that goes down counts as failed",
        "phone_home": "leave it out: `health_check` tells when a machine is ready",
        "apt_sources": "write `apt: {sources: ...}`",
        "apt_proxy": "write `apt: {proxy: ...}`",
        "apt_mirror": "write `apt: {sources_list: ...}`",
    }
)
ALL = DONE | PASSED_OVER | REFUSED.keys()


def misspelt(name: str) -> str | None:
    """Return the module that was probably meant by a name, None if there is none like it."""
    return next(iter(get_close_matches(name, ALL, 1)), None)
