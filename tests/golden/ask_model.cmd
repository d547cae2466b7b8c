ask tests/golden/inputs/question_model.json
