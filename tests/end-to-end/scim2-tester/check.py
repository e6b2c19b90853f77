"""Runs scim2-tester (PyPI) against a tenant: TENANT_URL and TOKEN in the environment. Status 1 unless every check passes.

A check that was skipped counts as one that did not pass.
"""

import collections
import os
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

PASSED = {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE}

client = Client(
    base_url=os.environ["TENANT_URL"],
    headers={"Authorization": f"Bearer {os.environ['TOKEN']}"},
    timeout=30,
)
results = check_server(SyncSCIMClient(client))
for result in results:
    if result.status not in PASSED:
        print(f"{result.status.name} {result.resource_type or ''} {result.title}: {result.reason or ''}")
counts = collections.Counter(result.status.name for result in results)
print(f"{len(results)} checks: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
# Far fewer would mean that it gave up early.
sys.exit(0 if len(results) > 100 and all(result.status in PASSED for result in results) else 1)
