ask tests/golden/inputs/question_unknown.json
exit: 2
