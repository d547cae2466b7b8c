plan no_such_file.yaml
exit: 2
