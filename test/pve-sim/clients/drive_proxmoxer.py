"""Drives a PVE with proxmoxer, as its users do. Arguments: host:port, CA file, token id, token secret, root's password."""

import sys
import time

from proxmoxer import ProxmoxAPI
from proxmoxer.core import ResourceException
from requests.exceptions import ConnectionError

host, ca, token, secret, password = sys.argv[1:]
user, token_name = token.split("!")


def log(*parts):
    print(*parts, flush=True)


def done(pve, upid):
    node = upid.split(":")[1]
    while True:
        try:
            task = pve.nodes(node).tasks(upid).status.get()
        except ConnectionError:
            # PVE closes a connection after an upload without saying so before, and a client may be about to use it.
            continue
        if task["status"] == "stopped":
            return task["exitstatus"]
        time.sleep(0.1)


def by_token():
    return ProxmoxAPI(host, user=user, token_name=token_name, token_value=secret, verify_ssl=ca, timeout=10)


def by_login():
    return ProxmoxAPI(host, user="root@pam", password=password, verify_ssl=ca, timeout=10)


# Each connects when it is needed: a PVE drops connections that are idle for 5 s.
for name, connect in (("token", by_token), ("login", by_login)):
    pve = connect()
    log(name, "version", pve.version.get()["release"])
    log(name, "nodes", *sorted(node["node"] for node in pve.nodes.get()))
    vmid = int(pve.cluster.nextid.get())
    source = pve.nodes("pve1").qemu(9000)
    log(name, "clone", done(pve, source.clone.post(newid=vmid, name=f"by-{name}", full=1)))
    guest = pve.nodes("pve1").qemu(vmid)
    guest.config.put(ciuser="debian", ipconfig0="ip=dhcp", cores=4, tags="proxmoxer")
    log(name, "resize", done(pve, guest.resize.put(disk="scsi0", size="+2G")))
    log(name, "start", done(pve, guest.status.start.post()))
    while True:
        try:
            interfaces = guest.agent("network-get-interfaces").get()["result"]
            break
        except ResourceException:
            time.sleep(0.1)
    log(name, "interfaces", *sorted(interface["name"] for interface in interfaces))
    log(name, "snapshot", done(pve, guest.snapshot.post(snapname="before", description="x")))
    log(name, "snapshots", *sorted(snapshot["name"] for snapshot in guest.snapshot.get()))
    log(name, "rollback", done(pve, guest.snapshot("before").rollback.post()))
    log(name, "config", guest.config.get()["cores"], guest.config.get()["tags"])
    log(name, "status", guest.status.current.get()["status"])
    log(name, "delete", done(pve, guest.delete()))
    try:
        guest.status.current.get()
    except ResourceException as error:
        log(name, "gone", error.status_code)
    try:
        pve.nodes("pve1").qemu.post(vmid=vmid, memory="much")
    except ResourceException as error:
        log(name, "refused", error.status_code, error.content)

with open(ca, "rb") as upload:
    pve = by_token()
    log("upload", done(pve, pve.nodes("pve1").storage("local").upload.post(content="iso", filename=upload)))
