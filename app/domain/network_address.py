"""Which network addresses the service may send anything to."""

import ipaddress

_METADATA = ipaddress.ip_address("fd00:ec2::254")
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
"""IPv6 addresses that stand for IPv4 ones beyond a translator (RFC 6052, RFC 8215)."""


def may_be_asked(
    address: str, *, private_allowed: bool = False, loopback_allowed: bool = False
) -> bool:
    """Whether a resolved network address may be sent to.

    Private networks only where an operator allowed them; this machine only where that is said;
    link-local and cloud metadata addresses never.
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        elif ip.sixtofour or ip.teredo or ip == _METADATA or any(ip in n for n in _TRANSLATED):
            return False
    if ip.is_loopback:
        return loopback_allowed
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved:
        return False
    return ip.is_global or (private_allowed and ip.is_private)
