plan tests/golden/inputs/small.yaml --set system:gb300-nvl72.power=-20% --set sites.abilene.power=x2
