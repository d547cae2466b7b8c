schema model
