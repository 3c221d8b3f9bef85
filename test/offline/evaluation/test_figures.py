# SPDX-License-Identifier: Apache-2.0
"""In scenes grasps that are missing count as failed; elsewhere only those delivered count."""

import pytest

from dexlite_ros.offline.evaluation.figures import any_passed, rate, reasons, success
from dexlite_ros.offline.evaluation.report import markdown, summary

TEST = 'table-lift'


def cell(name: str, passed: list[bool], wanted: int | None = 20) -> dict:
    """Return the content of a cell of a scene, or of no scene."""
    return {
        'object': name, 'plan': {}, 'error': '' if passed else 'nothing fits', 'wanted': wanted,
        'grasps': [
            {'penetration': 0.0, 'self_penetration': 0.0, 'finger_distance': 0.0,
             'finger_spread': 0.0, 'links_in_contact': 5.0,
             'verdicts': {TEST: {'passed': each, 'reason': 'held' if each else 'dropped'}}}
            for each in passed]}


def test_missing_grasps_count_as_failed():
    """Five of twenty that all hold are a quarter of all, and all of the best five."""
    few = cell('can', [True] * 5)
    assert rate(few, TEST) == 0.25
    assert rate(few, TEST, 5) == rate(few, TEST, 1) == 1.0
    assert rate(few, TEST, 10) == 0.5
    assert rate(cell('can', [True] * 5, wanted=None), TEST) == 1.0
    assert rate(cell('can', []), TEST) == 0.0
    assert rate(cell('can', [False, True, True], wanted=3), TEST, 10) == pytest.approx(2 / 3)


def test_any_grasp_that_holds():
    """One is enough, whatever its rank; none at all is not."""
    assert any_passed(cell('can', [False] * 19 + [True]), TEST) == 1.0
    assert any_passed(cell('can', [False] * 19 + [True]), TEST, 5) == 0.0
    assert any_passed(cell('can', [False] * 20), TEST) == 0.0
    assert any_passed(cell('can', []), TEST) == 0.0


def test_missing_is_a_reason():
    """Counted in scenes only, beside the others; none missing is no reason."""
    cells = [cell('can', [True] * 5), cell('box', [False] * 19 + [True]), cell('pan', [])]
    assert reasons(cells, TEST) == {'missing': 35, 'dropped': 19}
    assert reasons(cells[1:2], TEST) == {'dropped': 19}
    assert reasons([cell('can', [False], wanted=None)], TEST) == {'dropped': 1}


def test_the_report_shows_both():
    """Columns best 1, 5, 10, all, any of 5, any, over objects; the table has a cell for each."""
    cells = [cell('can', [True] * 5), cell('box', [False] * 4 + [True] * 16), cell('pan', [])]
    figures = summary(cells, [TEST])
    row = {name: share['mean'] for name, share in figures['success'][TEST].items()}
    assert row['any'] == row['any of 5'] == pytest.approx(2 / 3)
    assert row['all'] == pytest.approx((0.25 + 0.8 + 0.0) / 3) == success(cells, TEST).mean
    assert row['best 1'] == pytest.approx(1 / 3)
    assert row['best 5'] == pytest.approx((1.0 + 0.2 + 0.0) / 3)
    page = markdown({'provenance': {}, **figures}).splitlines()
    first = next(index for index, text in enumerate(page) if text.startswith('| test'))
    title, line, values = page[first:first + 3]
    assert '| any | fails by |' in title
    assert title.count('|') == line.count('|') == values.count('|')
    assert 'missing 35' in values and '66.7 %' in values
