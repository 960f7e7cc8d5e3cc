"""Files and tensors: picture files in, 8-bit pictures and tensors out."""
