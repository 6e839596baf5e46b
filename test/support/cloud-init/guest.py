"""What cloud-init makes of a seed, asked of its own modules: a JSON list of jobs comes on stdin, a list of answers goes out.

Nothing of it is installed: PYTHONPATH leads to its unpacked package. The guest is played where cloud-init would look at the
machine: which NIC has which MAC, and that no other seed is there.
"""
import base64
import json
import logging
import os
import sys
import tempfile
import types

import cloudinit.net.network_state as network_state
from cloudinit import distros, helpers, net, user_data, util
from cloudinit.handlers import cloud_config, jinja_template
from cloudinit.net import eni, netplan, networkd, sysconfig
from cloudinit.sources import DataSourceNoCloud as nocloud
from cloudinit.sources.helpers import openstack

logging.disable(logging.CRITICAL)

RENDERERS = {"eni": eni, "netplan": netplan, "networkd": networkd, "sysconfig": sysconfig}


def encoded(data):
    data = data if isinstance(data, bytes) else str(data).encode()
    return base64.b64encode(data).decode()


def source_of(folder):
    """cloud-init's NoCloud source with `folder` as its seed, and no drive or command line to look at."""
    nocloud.load_cmdline_data = lambda *_args: False
    nocloud.dmi.read_dmi_data = lambda *_args: None
    work = tempfile.mkdtemp()
    os.makedirs(os.path.join(work, "seed"))
    os.symlink(os.path.abspath(folder), os.path.join(work, "seed", "nocloud"))
    paths = helpers.Paths({"cloud_dir": work, "run_dir": work, "templates_dir": work})
    source = nocloud.DataSourceNoCloud({"datasource": {"NoCloud": {"fs_label": None}}}, None, paths)
    if not source._get_data():
        raise RuntimeError("cloud-init finds no seed in it")
    return source, paths


def parts_of(source, paths):
    message = user_data.UserDataProcessor(paths).process(source.userdata_raw)
    for part in message.walk():
        if part.get_content_maintype() != "multipart":
            yield part


def merged_config(parts, paths):
    handler = cloud_config.CloudConfigPartHandler(paths)
    for index, part in enumerate(parts):
        if part.get_content_type() == "text/cloud-config":
            payload = util.fully_decoded_payload(part)
            handler.handle_part(None, "text/cloud-config", "part-%d" % index, payload, None, dict(part.items()))
    return util.mergemanydict([dict(handler.cloud_buf or {})])


def read_nocloud(job):
    source, paths = source_of(job["folder"])
    parts = list(parts_of(source, paths))
    config = merged_config(parts, paths)
    # As cc_set_hostname and cc_update_etc_hosts ask.
    cloud = types.SimpleNamespace(get_hostname=source.get_hostname)
    names = util.get_hostname_fqdn(config, cloud)
    jinja = [part for part in parts if part.get_content_type() == "text/jinja2"]
    return {
        "userData": encoded(source.userdata_raw),
        "metaData": {key: value for key, value in source.metadata.items()},
        "instanceId": source.get_instance_id(),
        "networkConfig": source.network_config,
        "parts": [{"type": part.get_content_type(), "body": encoded(util.fully_decoded_payload(part))} for part in parts],
        "config": config,
        "hostname": names[0],
        "fqdn": names[1],
        # As cc_ssh puts them together.
        "keys": (source.get_public_ssh_keys() or []) + list(config.get("ssh_authorized_keys", [])),
        "rendered": [
            jinja_template.render_jinja_payload(
                util.fully_decoded_payload(part), "part", {"v1": {"local_hostname": names[0]}}
            )
            for part in jinja
        ],
    }


def read_config_drive(job):
    results = openstack.ConfigDriveReader(job["folder"]).read_v2()
    known = {mac.lower(): name for name, mac in job["nics"].items()}
    return {
        "metaData": results["metadata"],
        "userData": encoded(results.get("userdata") or b""),
        "network": openstack.convert_net_json(results["networkdata"], known_macs=known),
    }


def render(job):
    """A network-config as a distribution writes it: path to text, for each renderer that is asked for."""
    names = {mac.lower(): name for name, mac in job["nics"].items()}
    for module in (network_state, net):
        module.get_interfaces_by_mac = lambda *_args, **_kwargs: dict(names)
    config = util.load_yaml(job["networkConfig"])
    return {kind: render_as(kind, distro, config) for kind, distro in job["renderers"].items()}


def render_as(kind, distro, config):
    settings = distros.fetch(distro)(distro, {}, None).renderer_configs.get(kind, {})
    settings = dict(settings, postcmds=False)
    if kind == "netplan":
        settings["netplan_path"] = "etc/netplan/50-cloud-init.yaml"
    renderer = RENDERERS[kind].Renderer(config=settings)
    target = tempfile.mkdtemp() + "/"
    state = network_state.parse_net_config_data(config, renderer=renderer)
    renderer.render_network_state(network_state=state, target=target)
    return {
        os.path.relpath(os.path.join(folder, name), target): open(os.path.join(folder, name)).read()
        for folder, _, files in os.walk(target)
        for name in files
    }


JOBS = {"nocloud": read_nocloud, "config-drive": read_config_drive, "render": render}

if __name__ == "__main__":
    json.dump([JOBS[job["kind"]](job) for job in json.load(sys.stdin)], sys.stdout)
