"""An explanation as text and as data."""

from __future__ import annotations

from subledger.explain.nodes import Arithmetic, Node, as_dict, facts_of, grid_of, outline

TREE = Node(
    "trade",
    "Trade T-1",
    facts_of([("side", "buy"), ("trade date", "2026-01-05"), ("venue", ""), ("settled", None)]),
    (Arithmetic("net = gross + fees", "10.10 = 10.00 + 0.10"),),
    children=(
        Node(
            "lines",
            "Lines",
            grid=grid_of(
                ("account", "debit", "lot", "name"),
                [
                    {"account": "1210", "debit": "10.00", "name": "Equities cost"},
                    {"account": "6110", "debit": "0.10", "name": "Commissions"},
                ],
                figures=("debit",),
            ),
        ),
    ),
)


def test_the_outline_aligns_facts_and_columns_and_leaves_out_what_is_empty() -> None:
    assert outline(TREE) == [
        "Trade T-1",
        "  side        buy",
        "  trade date  2026-01-05",
        "  net = gross + fees: 10.10 = 10.00 + 0.10",
        "",
        "  Lines",
        "    account  debit  name",
        "    1210     10.00  Equities cost",
        "    6110      0.10  Commissions",
    ]


def test_the_data_keeps_every_column() -> None:
    data = as_dict(TREE)
    assert data["facts"] == {"side": "buy", "trade date": "2026-01-05"}
    assert data["arithmetic"] == [
        {"formula": "net = gross + fees", "figures": "10.10 = 10.00 + 0.10"}
    ]
    assert data["children"] == [
        {
            "kind": "lines",
            "title": "Lines",
            "facts": {},
            "arithmetic": [],
            "rows": [
                {"account": "1210", "debit": "10.00", "lot": "", "name": "Equities cost"},
                {"account": "6110", "debit": "0.10", "lot": "", "name": "Commissions"},
            ],
            "children": [],
        }
    ]


def test_a_walk_meets_every_node_from_the_top() -> None:
    assert [node.title for node in TREE.walk()] == ["Trade T-1", "Lines"]
