"""Answer one question each: how fast is Shoal beside the program that people would use instead?"""
