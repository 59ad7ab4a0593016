"""The whole product over a long time, with everything that can go wrong going wrong."""
