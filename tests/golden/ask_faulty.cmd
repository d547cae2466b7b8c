ask tests/golden/inputs/question_faulty.json
exit: 2
