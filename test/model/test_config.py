"""The two tables of networks and the lookup."""

from dataclasses import replace

import pytest

from csrnet_ros.model import ABLATIONS, CONFIGS, VARIANTS, find_config


def test_tables_hold_what_the_paper_names():
    assert set(VARIANTS) == {'light', 'medium', 'heavy'}
    assert list(ABLATIONS) == list(range(1, 17))
    assert len({id(config) for config in ABLATIONS.values()}) == 16
    assert len(set(ABLATIONS.values())) == 16
    assert (ABLATIONS[3], ABLATIONS[9], ABLATIONS[13]) == (
        VARIANTS['heavy'],
        VARIANTS['medium'],
        VARIANTS['light'],
    )


def test_every_ablation_differs_from_its_variant_in_one_or_two_fields():
    for number, config in ABLATIONS.items():
        variant = VARIANTS[config.name.split('-')[0]]
        fields = [
            name
            for name in ('stages', 'spfm', 'attention', 'pointwise', 'channels')
            if getattr(config, name) != getattr(variant, name)
        ]
        assert len(fields) <= 2, number
        assert bool(fields) == (config.name != variant.name), number


@pytest.mark.parametrize('name', CONFIGS)
def test_lookup_finds_every_network_by_name(name):
    assert find_config(name).name == name


def test_lookup_lists_what_is_valid():
    with pytest.raises(ValueError, match="'huge'.*light, medium, heavy"):
        find_config('huge')


@pytest.mark.parametrize(
    'stages', [(), ((16,),) * 4, ((8,),), ((16, 4),), ((16,), (4,)), ((16, 8, 4, 2),), ((),)]
)
def test_stages_that_do_not_lead_on_are_refused(stages):
    with pytest.raises(ValueError, match='stage'):
        replace(VARIANTS['heavy'], stages=stages)


def test_too_few_channels_are_refused():
    with pytest.raises(ValueError, match='channels is 2'):
        replace(VARIANTS['heavy'], channels=2)
