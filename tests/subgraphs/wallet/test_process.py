"""The wiring a process starts from: indexes made, log followed, health told."""

import asyncio

from subgraphs.demo.pilot import CAITONG_FUND
from subgraphs.kit.ids import InstitutionId, institution_id
from subgraphs.wallet.app import opened
from tests.subgraphs.kit.world import running
from tests.subgraphs.wallet.purse import Purse


async def test_a_second_process_over_the_same_database_takes_over_where_it_stands(
    purse: Purse,
) -> None:
    async with opened(purse.world.settings) as service, running(*service.jobs):
        gateway = purse.world.gateway
        gateway.app = service.app
        async with asyncio.timeout(30):
            while (await gateway.get("/health")).json()["lag"]:
                continue
        found = await gateway.ask(
            "query($id: ID!) { node(id: $id) { ... on Institution { name kind } } }",
            {"id": InstitutionId(institution_id(CAITONG_FUND.uscc))},
        )
        assert found.only("node") == {
            "name": "财通基金管理有限公司",
            "kind": "FUND_COMPANY",
        }
