/* SPDX-License-Identifier: ISC */
#include "registrar/registry/material.h"

#include <stdlib.h>
#include <string.h>

static void wipe_file(struct material_file *file)
{
	if (file->bytes)
		explicit_bzero(file->bytes, file->length);
	free(file->bytes);
	free(file->path);
}

void material_wipe(struct material *material)
{
	wipe_file(&material->certificate);
	wipe_file(&material->private_key);
	wipe_file(&material->client_ca);
	wipe_file(&material->authorities);
	free(material->ciphers);
	secret_wipe(&material->password);
	*material = (struct material){ .ciphers = NULL };
}
