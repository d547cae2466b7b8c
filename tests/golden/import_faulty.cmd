import tests/golden/inputs/megatron_faulty.args
exit: 2
