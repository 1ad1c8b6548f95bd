"""Walks through the stand-in with a client that others wrote: status, environments, stacks, containers, images, errors."""

import asyncio
import sys

from pyportainer import Portainer
from pyportainer.exceptions import PortainerAuthenticationError, PortainerNotFoundError
from pyportainer.models.docker import DockerContainerState


async def walk(url: str, key: str, version: str) -> None:
    async with Portainer(api_url=url, api_key=key, max_retries=0) as portainer:
        status = await portainer.portainer_system_status()
        assert status.version == version, status
        system = await portainer.portainer_system_version()
        assert system.server_version == version and system.server_edition == "CE", system

        environments = await portainer.get_endpoints()
        assert [one.name for one in environments] == ["dev"], environments
        dev = environments[0]
        assert (dev.status, dev.type, dev.url) == (1, 2, "tcp://dev:9001"), dev
        assert dev.snapshots[0].docker_version == "27.1.2", dev.snapshots

        stacks = await portainer.get_stacks()
        assert [one.name for one in stacks] == ["shop"], stacks
        shop = await portainer.get_stack(stacks[0].id)
        assert shop.is_active and shop.endpoint_id == dev.id and shop.type == 2, shop
        assert [(one.name, one.value) for one in shop.env] == [("TAG", "1")], shop.env
        assert "nginx:${TAG}" in await portainer.get_stack_file(shop.id)
        assert [one.id for one in await portainer.get_stacks(endpoint_id=dev.id)] == [shop.id]

        containers = await portainer.get_containers(dev.id)
        assert [one.names for one in containers] == [["/shop-web-1"]], containers
        web = containers[0]
        assert web.state == DockerContainerState.RUNNING and web.image == "nginx:1", web
        mine = await portainer.get_stack_containers(dev.id, "shop")
        assert [one.id for one in mine] == [web.id], mine
        inspected = await portainer.inspect_container(dev.id, web.id)
        assert inspected.name == "/shop-web-1" and inspected.state.running, inspected
        await portainer.restart_container(dev.id, web.id)
        info = await portainer.docker_info(dev.id)
        assert info.name == "dev", info

        events = [event async for event in portainer.image_pull(dev.id, "redis:7")]
        assert events, "the pull tells its steps"
        image = await portainer.get_image(dev.id, "redis:7")
        assert image.repo_digests[0].startswith("redis@sha256:"), image

        stopped = await portainer.stop_stack(dev.id, shop.id)
        assert not stopped.is_active, stopped
        assert await portainer.get_containers(dev.id) == []
        started = await portainer.start_stack(dev.id, shop.id)
        assert started.is_active, started
        await portainer.delete_stack(dev.id, shop.id)
        assert await portainer.get_stacks() == []
        try:
            await portainer.get_stack(shop.id)
        except PortainerNotFoundError:
            pass
        else:
            raise AssertionError("a deleted stack is found")

    async with Portainer(api_url=url, api_key="ptr_wrong", max_retries=0) as stranger:
        try:
            await stranger.get_stacks()
        except PortainerAuthenticationError:
            pass
        else:
            raise AssertionError("a wrong key is accepted")


asyncio.run(walk(*sys.argv[1:4]))
print("walked")
