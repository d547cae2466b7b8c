plan tests/golden/inputs/small.yaml --without supplier:samsun --set accelerator:gb30.power=1
exit: 2
