plan when tests/golden/inputs/small.yaml --power '50 MW'
exit: 3
