"""What Prometheus is told, and what dashboards and alarms ask it."""

from __future__ import annotations

import json
import re

import jinja2
import pytest
import yaml

from tests.fleet.rendered import (
    ANSIBLE,
    INTEGRATIONS,
)


@pytest.mark.parametrize("prefix", ["agender", "city/cameras"])
def test_the_hub_s_exporter_listens_below_the_hub_s_prefix(prefix: str):
    """By default as the documented file does; with another prefix to that."""
    tasks = yaml.safe_load((ANSIBLE / "roles/agender_hub/tasks/metrics.yml").read_text())
    made = tasks[0]["vars"]["__agender_hub_mqtt"]
    shipped = yaml.safe_load((INTEGRATIONS / "prometheus-mqtt-exporter.yaml").read_text())["mqtt"]
    for key in ("topic_path", "device_id_regex"):
        rendered = jinja2.Template(made[key]).render(agender_hub_topic_prefix=prefix)
        assert rendered == shipped[key].replace("agender/", f"{prefix}/")


def exposed() -> set[str]:
    """The metrics that the exporter's file names."""
    exporter = yaml.safe_load((INTEGRATIONS / "prometheus-mqtt-exporter.yaml").read_text())
    return {metric["prom_name"] for metric in exporter["metrics"]}


def test_dashboard_and_alarms_ask_for_metrics_that_are_there():
    """Every name in a query of Grafana's or Prometheus' is one that the exporter exposes."""
    dashboard = json.loads((INTEGRATIONS / "grafana-dashboard.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries += [item["query"]["query"] for item in dashboard["templating"]["list"]]
    rules = yaml.safe_load((INTEGRATIONS / "prometheus-rules.yaml").read_text())
    queries += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    asked = {name for query in queries for name in re.findall(r"\bagender_\w+", query)}
    assert len(asked) > 15
    assert asked <= exposed()


def test_the_dashboard_shows_every_age_band():
    """A band that is added to the messages must not be missing in the picture."""
    dashboard = (INTEGRATIONS / "grafana-dashboard.json").read_text()
    for metric in exposed():
        if metric.startswith("agender_age_"):
            assert metric in dashboard


def test_no_panel_of_truths_has_a_unit():
    """What is 1 or 0 is no number of seconds."""
    dashboard = json.loads((INTEGRATIONS / "grafana-dashboard.json").read_text())
    truths = [
        (panel["fieldConfig"]["defaults"]["unit"], panel["description"] != "")
        for panel in dashboard["panels"]
        if any("agender_view_" in target["expr"] for target in panel["targets"])
    ]
    assert truths == [("none", True)]


def test_grafana_s_files_fit_together():
    """The dashboard names the source that is provisioned, and lies where the provider looks."""
    source = yaml.safe_load((INTEGRATIONS / "grafana-datasource.yaml").read_text())
    dashboard = json.loads((INTEGRATIONS / "grafana-dashboard.json").read_text())
    uid = source["datasources"][0]["uid"]
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {uid}
    provider = yaml.safe_load((INTEGRATIONS / "grafana-dashboards.yaml").read_text())
    path = provider["providers"][0]["options"]["path"]
    assert path in (ANSIBLE / "roles/agender_hub/tasks/grafana.yml").read_text()
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in dashboard["panels"]]
    assert len(set(places)) == len(places)
