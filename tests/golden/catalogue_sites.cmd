catalogue list site
