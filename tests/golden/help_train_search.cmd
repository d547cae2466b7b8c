train search --help
