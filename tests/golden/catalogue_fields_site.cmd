catalogue fields site
