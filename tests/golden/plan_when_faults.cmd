plan when tests/golden/inputs/small.yaml --service assistent --rate '3 Mtok/s'
exit: 2
