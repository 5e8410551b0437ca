"""What a provider's people have to do: checks to answer, silent agents, changes not done, tokens that run out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from dure.core.text import Text
from dure.portal.allocations import queries as allocations
from dure.portal.fleet import queries as fleet
from dure.portal.people.actor import Actor
from dure.portal.reviews import queries as reviews
from dure.portal.site import addresses
from dure.portal.site.tasks.task import Task

SILENT = timedelta(minutes=15)
TOKEN_WARNING = timedelta(days=14)


def tasks(actor: Actor, now: datetime) -> Iterator[Task]:
    """The tasks of somebody who speaks for a provider."""
    if not actor.providers:
        return
    asked = [one for one in reviews.feasibility_for(actor) if one.state == "asked"]
    if asked:
        title = Text(f"기술 검토 {len(asked)}건에 답하십시오", f"Answer {len(asked)} technical checks")
        why = Text("귀사의 클러스터에서 돌릴 수 있는지 묻습니다.", "Can these projects run on your clusters?")
        yield Task(title, why, "/reviews/feasibility/", due=min(one.due_at for one in asked))
    for cluster in fleet.clusters(actor):
        if cluster.share == "government" and cluster.delivered_at <= now and actor.speaks_for(cluster.provider):
            yield from _cluster(actor, cluster, now)


def _cluster(actor: Actor, cluster: fleet.ClusterView, now: datetime) -> Iterator[Task]:
    page = addresses.cluster(cluster.code)
    name = cluster.name
    if cluster.agent_seen_at is None:
        title = Text(f"{name.ko}에 에이전트를 설치하십시오", f"Install the agent at {name.en}")
        why = Text("아직 한 번도 연결되지 않았습니다.", "It has never been heard from.")
        yield Task(title, why, page, weight=10)
        return
    if now - cluster.agent_seen_at > SILENT:
        title = Text(f"{name.ko}의 에이전트가 조용합니다", f"The agent at {name.en} is silent")
        why = Text("소식이 끊긴 동안에는 할당이 바뀌지 않습니다.", "While it is silent, allocations do not change.")
        yield Task(title, why, page, due=cluster.agent_seen_at + SILENT)
    report = allocations.report(cluster.code)
    wrong = [c for c in report.conditions if c.status == "false"]
    if wrong:
        title = Text(f"{name.ko}에 문제가 있습니다", f"Something is wrong at {name.en}")
        yield Task(title, wrong[0].why, page, weight=5)
    if any(cluster.inventory_mismatch.values()):
        title = Text(f"{name.ko}의 서버 목록이 다릅니다", f"The servers of {name.en} differ from the file")
        why = Text("사업 파일과 에이전트의 보고를 견주어 주십시오.", "Compare the programme file with the report.")
        yield Task(title, why, page, weight=15)
    live = [t for t in fleet.tokens(cluster.code, actor) if t.state(now) == "live"]
    last = max(live, key=lambda t: t.expires_at, default=None)
    # at half its life the agent should have renewed it
    if last is not None and last.expires_at - now < min(TOKEN_WARNING, (last.expires_at - last.created_at) / 4):
        title = Text(f"{name.ko}의 에이전트 토큰을 새로 발급하십시오", f"Issue a new agent token for {name.en}")
        why = Text("기한이 지나면 에이전트가 연결되지 않습니다.", "Once it expires the agent cannot connect.")
        yield Task(title, why, page, due=last.expires_at)
