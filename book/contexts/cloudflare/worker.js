// goes into: the Worker's script
@@
