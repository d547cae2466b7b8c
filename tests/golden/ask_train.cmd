ask tests/golden/inputs/question_train.json --json
